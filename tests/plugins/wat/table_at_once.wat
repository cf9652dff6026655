;; Attacks the machine's memory with a table of ten million entries that is there from the start.
(table 10000000 funcref)
(func $attack)
