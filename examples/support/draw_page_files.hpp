// Private to draw_page.cpp: the files of the folder draw_page, which the build makes text of.
#pragma once

extern const char draw_page_diagram_js[], draw_page_network_html[], draw_page_network_js[],
    draw_page_paper_html[], draw_page_paper_js[], draw_page_style_css[], draw_page_view_js[];
