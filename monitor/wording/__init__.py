"""Every sentence a reader meets, by key and language.

Belongs here: words. Does not belong here: deciding when they are said.
"""
