;; Attacks the host's stack: a function that keeps nothing calls itself for ever.
(func $attack (call $attack) (call $attack))
