#!/bin/sh
# documents.sh - man pages, completions and documents say what the program says. What --help prints
# is the yardstick. TAP. usage: documents.sh CHIMERA SOURCE-ROOT
set -u
chimera=$1 root=$2
# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$chimera" dump-options --format list >"$work/list"
for shell in bash zsh fish; do "$chimera" dump-options --format $shell >"$work/$shell"; done

# ---- pages

# the long options in a --help, from its own lines "  -o, --output DIR   what"
options_of() { sed -n 's/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p' "$1"; }

page() { # WORDS...: the page's file
    name=chimera
    for word; do name=$name-$word; done
    echo "$work/$name.1"
}

compare_page() {
    page=$(page "$@")
    "$chimera" dump-options --format man "$@" >"$page" || return 1
    "$chimera" "$@" --help >"$work/help" || return 1
    sed 's/\\-/-/g; s/\\f.//g' "$page" >"$work/plain"
    bad=0
    for option in $(options_of "$work/help"); do
        grep -qe "^\(-., \)\{0,1\}--$option\( \|$\)" "$work/plain" || {
            echo "--$option is not in the page of: $*"
            bad=1
        }
    done
    return $bad
}

ok "page of chimera" compare_page
while IFS= read -r words; do
    # shellcheck disable=SC2086  # "model synth" is two words
    ok "page of $words" compare_page $words
done <"$work/list"

every_command_listed() {
    "$chimera" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' >"$work/commands"
    [ -s "$work/commands" ] || { echo "--help lists no command"; return 1; }
    bad=0
    while IFS= read -r name; do
        grep -qx "$name" "$work/list" || { echo "$name has no page"; bad=1; }
    done <"$work/commands"
    return $bad
}
ok "every command of --help has a page" every_command_listed

pages_are_valid() { mandoc -T lint -W error "$work"/*.1; }
if command -v mandoc >/dev/null; then ok "mandoc reads the pages" pages_are_valid; else
    skip "mandoc reads the pages" "no mandoc"
fi

# ---- completions

every_option_in() { # SHELL, how it writes a long option
    bad=0
    while IFS= read -r words; do
        # shellcheck disable=SC2086
        "$chimera" $words --help >"$work/help"
        for option in $(options_of "$work/help"); do
            grep -qe "$2$option\([^a-z-]\|$\)" "$work/$1" || {
                echo "$words --$option is not in $1's completion"
                bad=1
            }
        done
        last=${words##* }
        grep -qw -e "$last" "$work/$1" || { echo "$words is not in $1's completion"; bad=1; }
    done <"$work/list"
    return $bad
}
for shell in bash zsh fish; do
    prefix=--
    [ $shell = fish ] && prefix='-l '
    ok "every option in $shell's completion" every_option_in $shell "$prefix"
    if command -v $shell >/dev/null; then ok "$shell reads it" $shell -n "$work/$shell"; else
        skip "$shell reads it" "no $shell"
    fi
done

# What the shells really offer. The words before the last are given, the last is being typed.
bash_offers() { # WANTED WORDS...
    wanted=$1
    shift
    # shellcheck disable=SC2016  # bash's own
    bash --norc -c '. "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _chimera; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$work/bash" chimera "$@" >"$work/offers" 2>/dev/null
    grep -qxe "$wanted" "$work/offers" || { cat "$work/offers"; echo "wanted: $wanted"; return 1; }
}
fish_offers() { # WANTED LINE
    (cd "$work" && XDG_CONFIG_HOME=$work/conf HOME=$work fish --no-config -c \
        "source $work/fish; complete -C '$2'") >"$work/offers" 2>&1
    cut -f1 "$work/offers" | grep -qxe "$1" || { cat "$work/offers"; echo "wanted: $1"; return 1; }
}
# A real line editor on a pseudo-terminal; what the completed line then says is what is compared.
zsh_types() { # WANTED KEYS, with \t where the tab key is pressed
    cat >"$work/type.zsh" <<'EOF'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "autoload -Uz compinit; compinit -D -u; source $1 2>/dev/null; compdef _chimera chimera"
zpty -w z 'chimera() { print -r -- "<$*>" }; print REA''DY'
zpty -r z out '*READY*'
zpty -n -w z "$(print "$2")"$'\n'
zpty -r z out '*<*>*'
print -r -- "${(M)${(f)out}:#*<*>*}"
EOF
    timeout 20 zsh -f "$work/type.zsh" "$work/zsh" "chimera $2" >"$work/offers" 2>&1
    grep -qF "<$1>" "$work/offers" || { cat "$work/offers"; echo "wanted: $1"; return 1; }
}

first=$(head -1 "$work/list")
mkdir "$work/folder" && : >"$work/one.yaml"
if command -v bash >/dev/null; then
    ok "bash: commands" bash_offers "$first" "$(echo "$first" | cut -c1-2)"
    ok "bash: members of a group" bash_offers synth model sy
    ok "bash: options of a member" bash_offers --output model synth --o
    ok "bash: global options" bash_offers --color model synth --c
    ok "bash: choices" bash_offers never --color n
    ok "bash: choices behind =" bash_offers always --color = al
    ok "bash: folders" bash_offers "$work/folder" model synth -o "$work/fo"
    if grep -qx plan "$work/list"; then
        ok "bash: files" bash_offers "$work/one.yaml" plan "$work/on"
    fi
fi
if command -v zsh >/dev/null; then
    ok "zsh: members of a group" zsh_types "model synth" 'model syn\t'
    ok "zsh: options and choices" zsh_types "model synth --vocab=300 --color=never" \
        'model synth --voc\t300 --col\tnev\t'
fi
if command -v fish >/dev/null; then
    ok "fish: commands" fish_offers model "chimera mo"
    ok "fish: members of a group" fish_offers synth "chimera model sy"
    ok "fish: options of a member" fish_offers --output "chimera model synth --ou"
    ok "fish: choices" fish_offers never "chimera --color n"
    if grep -qx plan "$work/list"; then
        ok "fish: files" fish_offers one.yaml "chimera plan on"
    fi
fi

# ---- examples

# Every line "chimera ..." of the documents and of --help is one that chimera accepts: with --help
# behind it all of its words are read, and nothing is done.
examples_parse() {
    {
        cat "$root"/README.md "$root"/docs/*.md | sed -n 's/^ *\(\$ \)\{0,1\}\(\.\/dev \)\{0,1\}\(chimera .*\)/\3/p'
        while IFS= read -r words; do
            # shellcheck disable=SC2086
            "$chimera" $words --help | sed -n '/^examples:/,$s/^ *\(chimera .*\)/\1/p'
        done <"$work/list"
    } >"$work/examples"
    [ -s "$work/examples" ] || { echo "no example was found"; return 1; }
    bad=0
    while IFS= read -r line; do
        case $line in *…* | *'...'* | *'COMMAND'* | *'DIR'*) continue ;; esac # a synopsis
        words=$(printf '%s\n' "$line" | sed 's/ *[|>#&;].*//')
        (
            eval "set -- $words"
            shift
            "$chimera" "$@" --help </dev/null >/dev/null
        ) || { echo "in: $line"; bad=1; }
    done <"$work/examples"
    return $bad
}
ok "every example is one that chimera accepts" examples_parse

links_resolve() {
    bad=0
    for page in "$root"/*.md "$root"/docs/*.md "$root"/docs/*/*.md "$root"/bench/*.md; do
        for link in $(grep -o '](\([^)#:]*\)[)#]' "$page" | sed 's/](//; s/[)#]$//'); do
            [ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] || {
                echo "${page#"$root"/}: $link is not there"
                bad=1
            }
        done
    done
    return $bad
}
ok "links in the documents resolve" links_resolve

echo "1..$n"
exit $failed
