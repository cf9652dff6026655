;; Attacks a host that takes an export for granted: exports nothing.
(component)
