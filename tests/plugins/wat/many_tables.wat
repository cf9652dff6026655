;; Attacks the machine's memory with twelve tables that are each within bounds: each grows by a
;; thousand entries until one cannot.
(table $t0 1 funcref) (table $t1 1 funcref) (table $t2 1 funcref) (table $t3 1 funcref)
(table $t4 1 funcref) (table $t5 1 funcref) (table $t6 1 funcref) (table $t7 1 funcref)
(table $t8 1 funcref) (table $t9 1 funcref) (table $ta 1 funcref) (table $tb 1 funcref)
(func $attack
  (loop $again
    (drop (table.grow $t0 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t1 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t2 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t3 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t4 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t5 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t6 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t7 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t8 (ref.null func) (i32.const 1000)))
    (drop (table.grow $t9 (ref.null func) (i32.const 1000)))
    (drop (table.grow $ta (ref.null func) (i32.const 1000)))
    (drop (table.grow $tb (ref.null func) (i32.const 1000)))
    (br $again)))
