;; Attacks a host that looks at no version: exports the check of another one.
(component
  (core module $guest (func (export "describe") (result i32) (i32.const 0)))
  (core instance $instance (instantiate $guest))
  (func $describe (result u32) (canon lift (core func $instance "describe")))
  (instance $check (export "describe" (func $describe)))
  (export "monitoring:plugin/check@7.0.0" (instance $check)))
