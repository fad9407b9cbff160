"""`serve`: the program as a local web page. Nothing leaves the machine, and only who may see the data is let in.

`app` puts the pages together, `guard` keeps strangers out, `uploads` takes files in, `jobs` and `runner` keep the work
and start it in processes of their own (`work`), `known` and `ask` answer questions about one address or one text.
"""

from __future__ import annotations
