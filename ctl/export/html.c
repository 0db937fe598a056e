// SPDX-License-Identifier: GPL-2.0
/*
 * A page is complete without its script, which only sorts and filters tables that are
 * there. It asks for nothing: style, script and pictures are in it.
 */

#include <string.h>

#include "export/html.h"
#include "export/xml.h"

static const char script[] =
#include "html_js.h"
;

static const char style[] =
#include "html_css.h"
;

/** html_begin() - Add what stands before the content, the title among it. */
void html_begin(struct buf *out, const char *title)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	buf_puts(out, "<meta name=\"viewport\" content=\"width=device-width\">\n");
	/* Whatever were in it could not ask for anything. */
	buf_puts(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n");
	buf_puts(out, "<title>");
	xml_text(out, title, strlen(title));
	buf_puts(out, "</title>\n<style>\n");
	buf_puts(out, style);
	buf_puts(out, "</style>\n</head>\n<body>\n<h1>");
	xml_text(out, title, strlen(title));
	buf_puts(out, "</h1>\n");
}

/** html_end() - Add what stands behind the content. */
void html_end(struct buf *out)
{
	buf_puts(out, "<script>\n");
	buf_puts(out, script);
	buf_puts(out, "</script>\n</body>\n</html>\n");
}
