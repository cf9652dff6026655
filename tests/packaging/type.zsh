# Type a line and a tabulator into a zsh with the completions of a folder, and wait until a text shows.
#
#     zsh -f type.zsh FOLDER LINE TEXT

zmodload zsh/zpty || exit 1
folder=$1 line=$2 text=$3
zpty shell zsh -f -i
zpty -w shell "PS1='> '; unset zle_bracketed_paste; COLUMNS=250; LISTMAX=1000; fpath=(${(q)folder} \$fpath)
    autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; print rea''dy"
zpty -r shell seen '*ready*' || exit 1
zpty -n -w shell "$line"$'\t'
zpty -r shell seen "*${(b)text}*" || { print -r -- "ended without '$text': ${(V)seen}"; exit 1; }
zpty -d shell
