"""The command `qianshou`. Subcommands are entry points of the group `classroom.commands`, loaded when called."""
