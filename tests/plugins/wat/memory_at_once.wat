;; Attacks the machine's memory with a linear memory of almost 4 GiB that is there from the start.
(memory 65000)
(func $attack)
