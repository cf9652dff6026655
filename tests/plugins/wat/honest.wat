;; Attacks nothing; shows that the shell around the others is what a host accepts.
(func $attack)
