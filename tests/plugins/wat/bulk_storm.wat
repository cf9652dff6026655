;; Attacks the processor with long instructions: fills all of a large memory, for ever.
(memory $large 300)
(func $attack
  (loop $again
    (memory.fill $large (i32.const 0) (i32.const 1) (i32.const 19660800))
    (br $again)))
