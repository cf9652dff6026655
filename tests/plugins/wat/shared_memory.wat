;; Attacks the time budget where no interruption reaches: waits for ever on memory that is shared
;; with nobody.
(memory $shared 1 1 shared)
(func $attack
  (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1))))
