"""The window: Qt widgets over the snapshots of `pool_gui.monitor`.

Every QObject belongs to the GUI thread. A feature has a folder: a widget, its model and
its painter live together.
"""
