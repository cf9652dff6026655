;; Attacks by a function that the contract does not have, in an interface that it has.
(func $attack)
;; @definitions
(import "monitoring:plugin/sockets@0.2.0" (instance
  (export "listen-tcp" (func (param "port" u16)))))
