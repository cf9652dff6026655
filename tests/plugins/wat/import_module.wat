;; Attacks by asking the host for code instead of an interface.
(func $attack)
;; @definitions
(import "code" (core module (export "run" (func))))
