"""What may be done to ONUs and to an OLT's own ports."""
