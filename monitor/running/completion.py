"""Completion of a command in bash, zsh and fish, made from its own parser: no list that could fall behind.

Belongs here: the shells' words for it. Does not belong here: commands and options (`cli`).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

SHELLS = ("bash", "zsh", "fish")


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """What a shell evaluates to complete the command."""
    words = _words(parser)
    return _fish(parser.prog, words) if shell == "fish" else _bash(parser.prog, words, shell)


def _words(parser: argparse.ArgumentParser) -> Mapping[str, Sequence[str]]:
    """Command -> its options."""
    (commands,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {
        name: [option for action in one._actions for option in action.option_strings if option.startswith("--")]
        for name, one in commands.choices.items()
    }


def _bash(program: str, words: Mapping[str, Sequence[str]], shell: str) -> str:
    """Commands first, then a command's options, else files; zsh takes bash's completion."""
    cases = "\n".join(f'        {name}) words="{" ".join(options)}" ;;' for name, options in words.items())
    loads = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return f"""{loads}_{program}() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" words=""
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word"))
    elif [ "${{word#-}}" != "$word" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _{program} {program}
"""


def _fish(program: str, words: Mapping[str, Sequence[str]]) -> str:
    lines = [f"complete -c {program} -n __fish_use_subcommand -f -a '{' '.join(words)}'"]
    lines += [
        f"complete -c {program} -n '__fish_seen_subcommand_from {name}' -l {option.removeprefix('--')}"
        for name, options in words.items()
        for option in options
    ]
    return "\n".join(lines) + "\n"
