;; Attacks the host's memory: a report of four thousand million metrics, of which the plugin has one
;; page.
(func $attack
  (i32.store (i32.const 548) (i32.const 8))
  (i32.store (i32.const 552) (i32.const -1)))
