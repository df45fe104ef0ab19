--- Rolecall in Neovim. See |rolecall|.
local M = {}

--- Set options and start the language server for every file.
---@param options table? see |rolecall-options|
function M.setup(options)
  require("rolecall.options").set(options or {})
  require("rolecall.client").enable()
end

--- Run a role.
---@param run rolecall.Run
function M.run(run)
  require("rolecall.running").run(run)
end

--- What runs, for a status line; empty when nothing does.
---@return string
function M.statusline()
  return require("rolecall.statusline").component()
end

return M
