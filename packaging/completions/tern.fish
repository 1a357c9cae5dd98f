# Completes `tern` in fish, with the options that `tern COMMAND --help` lists.
function __tern_options
  set -l words (commandline -opc)
  $words[1] $words[2] --help 2>/dev/null | string match -ra -- '--[a-z][a-z-]*' | sort -u
end
complete -c tern -n __fish_use_subcommand -f -a 'load bench'
complete -c tern -n 'not __fish_use_subcommand; and string match -q -- "-*" (commandline -ct)' -a '(__tern_options)'
