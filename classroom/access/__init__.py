"""The only way to the store's things: every function is `access_…(store, principal, …)`, checks who is asking, and
returns model dataclasses.

`matrix` is the table of who may do what; `relations` finds out how a principal stands to a lesson or a school
(its teacher, a coordinator of its county, a guest with a token …); `lessons`, `rooms`, `places`, `people`, `devices`
and `media` hold the functions. All raise `NotSignedIn` when nobody asks, `NotFound` when there is no such thing, and
`Forbidden`.
"""
