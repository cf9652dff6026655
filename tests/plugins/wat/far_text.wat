;; Attacks the host's memory: a report whose summary is 2 GiB long, of which the plugin has one
;; page.
(func $attack (i32.store (i32.const 544) (i32.const 0x7fffffff)))
