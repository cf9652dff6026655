;; Attacks the compiler with a few lines: each component instantiates the one within it ten times,
;; nine levels deep, which are a thousand million instances.
(func $attack)
;; @definitions
(component $c9
  (component $c8
    (component $c7
      (component $c6
        (component $c5
          (component $c4
            (component $c3
              (component $c2
                (component $c1
                  (component $c0 (core module $empty) (core instance (instantiate $empty)))
                  (instance (instantiate $c0)) (instance (instantiate $c0))
                  (instance (instantiate $c0)) (instance (instantiate $c0))
                  (instance (instantiate $c0)) (instance (instantiate $c0))
                  (instance (instantiate $c0)) (instance (instantiate $c0))
                  (instance (instantiate $c0)) (instance (instantiate $c0)))
                (instance (instantiate $c1)) (instance (instantiate $c1))
                (instance (instantiate $c1)) (instance (instantiate $c1))
                (instance (instantiate $c1)) (instance (instantiate $c1))
                (instance (instantiate $c1)) (instance (instantiate $c1))
                (instance (instantiate $c1)) (instance (instantiate $c1)))
              (instance (instantiate $c2)) (instance (instantiate $c2))
              (instance (instantiate $c2)) (instance (instantiate $c2))
              (instance (instantiate $c2)) (instance (instantiate $c2))
              (instance (instantiate $c2)) (instance (instantiate $c2))
              (instance (instantiate $c2)) (instance (instantiate $c2)))
            (instance (instantiate $c3)) (instance (instantiate $c3))
            (instance (instantiate $c3)) (instance (instantiate $c3))
            (instance (instantiate $c3)) (instance (instantiate $c3))
            (instance (instantiate $c3)) (instance (instantiate $c3))
            (instance (instantiate $c3)) (instance (instantiate $c3)))
          (instance (instantiate $c4)) (instance (instantiate $c4))
          (instance (instantiate $c4)) (instance (instantiate $c4))
          (instance (instantiate $c4)) (instance (instantiate $c4))
          (instance (instantiate $c4)) (instance (instantiate $c4))
          (instance (instantiate $c4)) (instance (instantiate $c4)))
        (instance (instantiate $c5)) (instance (instantiate $c5))
        (instance (instantiate $c5)) (instance (instantiate $c5))
        (instance (instantiate $c5)) (instance (instantiate $c5))
        (instance (instantiate $c5)) (instance (instantiate $c5))
        (instance (instantiate $c5)) (instance (instantiate $c5)))
      (instance (instantiate $c6)) (instance (instantiate $c6))
      (instance (instantiate $c6)) (instance (instantiate $c6))
      (instance (instantiate $c6)) (instance (instantiate $c6))
      (instance (instantiate $c6)) (instance (instantiate $c6))
      (instance (instantiate $c6)) (instance (instantiate $c6)))
    (instance (instantiate $c7)) (instance (instantiate $c7))
    (instance (instantiate $c7)) (instance (instantiate $c7))
    (instance (instantiate $c7)) (instance (instantiate $c7))
    (instance (instantiate $c7)) (instance (instantiate $c7))
    (instance (instantiate $c7)) (instance (instantiate $c7)))
  (instance (instantiate $c8)) (instance (instantiate $c8))
  (instance (instantiate $c8)) (instance (instantiate $c8))
  (instance (instantiate $c8)) (instance (instantiate $c8))
  (instance (instantiate $c8)) (instance (instantiate $c8))
  (instance (instantiate $c8)) (instance (instantiate $c8)))
(instance (instantiate $c9))
