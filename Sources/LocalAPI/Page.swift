/// The page that people see: one document without any outside part, so that it works in a cellar without
/// internet. The nonce in the policy and in the document is what lets exactly these scripts and styles run.
enum Page {
  static func html(nonce: String) -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta name="color-scheme" content="light dark">
    <title>Holdfast</title>
    <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
    %3Ccircle cx='8' cy='8' r='7' fill='%230f766e'/%3E%3Cpath d='M9 2 4 9h4l-1 5 5-7H8z' fill='%23fff'/%3E%3C/svg%3E">
    <style nonce="\(nonce)">
    \(style)
    </style>
    </head>
    \(markup)
    <script nonce="\(nonce)">
    \(scriptOfValues)
    \(scriptOfChart)
    \(scriptOfUpdates)
    </script>
    </html>
    """
  }
}
