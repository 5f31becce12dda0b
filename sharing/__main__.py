"""`python -m sharing`: the service on loopback, without an access log (links are in paths)."""

import os
from urllib.parse import urlsplit

import uvicorn

from lake_config.settings import OTHERS, load
from sharing.app import create_app

if __name__ == "__main__":
    os.umask(OTHERS)
    settings = load()
    port = urlsplit(settings.sharing_url).port or 443
    app = create_app(settings)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")
