;; Attacks a host that looks at no type: describes itself by a number.
(component
  (core module $guest (func (export "describe") (result i32) (i32.const 0)))
  (core instance $instance (instantiate $guest))
  (func $describe (result u32) (canon lift (core func $instance "describe")))
  (instance $check
    (export "describe" (func $describe))
    (export "validate" (func $describe))
    (export "run" (func $describe)))
  (export "monitoring:plugin/check@0.2.0" (instance $check)))
