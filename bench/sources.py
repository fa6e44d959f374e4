"""The packages whose templates make the pairs: project, an old version, a newer one that looks otherwise."""

from typing import Final

SOURCES: Final = (
    ("Cartridge", "0.13.0", "1.3.4"),
    ("Django", "1.8.19", "5.0.6"),
    ("Flask-AppBuilder", "2.2.2", "4.5.0"),
    ("Mezzanine", "3.1.10", "6.1.1"),
    ("apache-airflow", "1.10.15", "2.9.3"),
    ("calibreweb", "0.6.12", "0.6.24"),
    ("ckan", "2.10.6", "2.12.0"),
    ("django-cms", "3.4.7", "4.1.4"),
    ("django-fobi", "0.5", "0.19.8"),
    ("django-helpdesk", "1.1.0", "2.6.1"),
    ("django-machina", "0.6.0", "1.3.1"),
    ("django-newsletter", "0.7", "0.9.1"),
    ("django-oscar", "1.6.4", "2.1.1"),
    ("django-two-factor-auth", "1.6.2", "1.17.0"),
    ("djangorestframework", "3.1.3", "3.15.2"),
    ("evennia", "1.0", "6.1.0"),
    ("horizon", "12.0.4", "25.3.0"),
    ("hyperkitty", "1.3.0", "1.3.12"),
    ("indico", "3.0", "3.3.14"),
    ("invenio-accounts", "1.1.4", "5.1.2"),
    ("jupyterhub", "0.9.6", "5.2.1"),
    ("kiwitcms", "8.0", "12.0"),
    ("mayan-edms", "3.2", "4.7"),
    ("modoboa", "1.10.0", "2.0.0"),
    ("nautobot", "1.0.0", "2.3.0"),
    ("postorius", "1.3.13", "1.2.1"),
    ("pretix", "2.0.0", "2024.9.0"),
    ("wagtail", "1.13.4", "6.0"),
    ("wiki", "0.4.5", "0.11.2"),
)
HELD_OUT: Final = (
    ("datasette", "0.30", "0.64.6"),
    ("django-debug-toolbar", "1.9.1", "4.3.0"),
    ("django-grappelli", "2.9.1", "4.0.1"),
    ("django-rq", "1.1.0", "2.10.1"),
    ("django-silk", "2.0.0", "5.1.0"),
    ("django-simple-history", "1.9.0", "3.5.0"),
    ("djangocms-blog", "1.0.0", "1.2.3"),
    ("notebook", "5.0.0", "6.5.6"),
    ("pelican", "3.7.1", "4.9.1"),
    ("wger", "2.0", "2.1"),
)
"""Projects that had no part in the making of weights and rules. Whoever fits to them takes others then."""
