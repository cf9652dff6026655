;; Attacks a host that takes functions for granted: exports the check with nothing in it.
(component
  (instance $check)
  (export "monitoring:plugin/check@0.2.0" (instance $check)))
