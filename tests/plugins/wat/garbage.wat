;; Attacks the machine's memory with a heap that a collector manages: a list that grows for ever.
(type $cell (struct (field (ref null $cell)) (field i64)))
(func $attack
  (local $list (ref null $cell))
  (loop $again
    (local.set $list (struct.new $cell (local.get $list) (i64.const 1)))
    (br $again)))
