# SPDX-License-Identifier: BSD-3-Clause
# Completion for bash: the command itself knows what it takes.
_laybyctl()
{
	local line
	COMPREPLY=()
	while read -r line; do
		COMPREPLY+=("$line")
	done < <(laybyctl --complete "${COMP_WORDS[@]:1:COMP_CWORD}")
}
complete -o default -F _laybyctl laybyctl
