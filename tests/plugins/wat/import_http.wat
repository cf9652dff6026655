;; Attacks the network by HTTP.
(func $attack)
;; @definitions
(import "wasi:http/outgoing-handler@0.2.12" (instance
  (export "handle" (func))))
