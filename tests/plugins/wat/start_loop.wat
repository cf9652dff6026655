;; Attacks the processor before anything is asked: the core module's start function never returns.
(func $attack (loop $again (br $again)))
(start $attack)
