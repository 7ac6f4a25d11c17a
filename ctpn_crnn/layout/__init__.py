"""The order in which the lines of a page are read, and single characters that are one word.

It works on the places and texts of the lines alone. Paragraphs, headings and tables are found in `ctpn_crnn.structure`.
"""
