;; Attacks the exit code: a report whose state is none of the four.
(func $attack (i32.store8 (i32.const 516) (i32.const 200)))
