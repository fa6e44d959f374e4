"""What can go wrong with the local world itself."""


class WorldError(Exception):
    """The local world could not be set up or a part of it died; the text says which and where its log is."""
