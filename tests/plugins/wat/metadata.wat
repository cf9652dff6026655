;; Attacks whoever has it inspected: metadata that forges lines and commands a terminal.
(func $attack)
;; @definitions
(@custom "name" "\00\0b\0aa\1b[2J\0aOK|b")
(@custom "authors" "a\0aOK - forged|forged=1\1b[2J\c2\9b2J")
(@custom "description" "a\0aOK - forged|forged=1\1b[2J\c2\9b2J\e2\80\aeb")
(@custom "licenses" "a\0aOK - forged|forged=1\1b[2J")
(@custom "version" "a\0aOK - forged|forged=1\1b[2J")
(@custom "homepage" "https://a\0aOK - forged|forged=1\1b[2J")
(@custom "source" "https://a\0aOK - forged|forged=1\1b[2J")
(@custom "revision" "a\0aOK - forged|forged=1\1b[2J")
(@custom "producers" "\01\08language\01\0aa\0aOK\1b[2J|b\041\0a|\1b")
