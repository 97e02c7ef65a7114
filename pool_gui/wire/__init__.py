"""What both ends of the connection know: messages, commands, catalogue, channel.

Standard library only. Either end may be malformed, silent or hostile: everything
that arrives is checked here before anybody else sees it.
"""
