;; Attacks the host's tables with a hundred core instances.
(func $attack)
;; @definitions
(component $ten
  (core module $empty)
  (core instance (instantiate $empty)) (core instance (instantiate $empty))
  (core instance (instantiate $empty)) (core instance (instantiate $empty))
  (core instance (instantiate $empty)) (core instance (instantiate $empty))
  (core instance (instantiate $empty)) (core instance (instantiate $empty))
  (core instance (instantiate $empty)) (core instance (instantiate $empty)))
(instance (instantiate $ten)) (instance (instantiate $ten)) (instance (instantiate $ten))
(instance (instantiate $ten)) (instance (instantiate $ten)) (instance (instantiate $ten))
(instance (instantiate $ten)) (instance (instantiate $ten)) (instance (instantiate $ten))
(instance (instantiate $ten))
