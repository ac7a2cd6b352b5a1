"""The group of commands."""

import click


@click.group()
def schedule() -> None:
    """Who lacks what, who can help, and when both bells agree."""
