;; Attacks the network by WASI's own sockets.
(func $attack)
;; @definitions
(import "wasi:sockets/instance-network@0.2.12" (instance
  (export "instance-network" (func))))
