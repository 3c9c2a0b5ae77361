"""The surveys that are hosted here, one folder each under `defs/`."""
