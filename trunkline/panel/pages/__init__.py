"""The panel's pages: one file each, and their order in the sidebar."""

from trunkline.panel.pages import dashboard, own

PAGES = (dashboard.PAGE, own.PAGE)
