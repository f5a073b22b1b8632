"""`python -m h5schema`."""

from h5schema.cli import main

raise SystemExit(main())
