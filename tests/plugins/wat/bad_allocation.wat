;; Attacks the host's memory: tells it to write the arguments behind the end of the plugin's memory.
(func $attack)
(func $first (global.set $next (i32.const -65536)))
(start $first)
