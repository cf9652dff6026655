;; Attacks the file system by its own interface.
(func $attack)
;; @definitions
(import "wasi:filesystem/preopens@0.2.12" (instance
  (export "get-directories" (func))))
