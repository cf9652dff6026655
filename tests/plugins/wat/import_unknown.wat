;; Attacks by an interface that nobody knows, whose name could forge a line.
(func $attack)
;; @definitions
(import "evil:host/backdoor@6.6.6" (instance
  (export "open" (func))))
