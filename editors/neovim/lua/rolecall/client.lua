--- The language client: how it is set up, and asking the server for its commands.
local options = require("rolecall.options")

local M = {}

local NAME = "rolecall"

--- The client's configuration, for |vim.lsp.config()| and |vim.lsp.start()|.
---@return table
function M.config()
  local current = options.current
  return {
    name = NAME,
    cmd = current.cmd,
    root_markers = current.root_markers,
    init_options = { events = true },
    settings = { rolecall = current.settings },
    before_init = function(params)
      -- Neovim reports a refused annotated edit as applied, and asks once a file: the server's one question is better.
      params.capabilities.workspace.workspaceEdit.changeAnnotationSupport = nil
    end,
    handlers = {
      ["rolecall/event"] = function(_, event)
        require("rolecall.tasks").take(event)
      end,
      ["window/showDocument"] = function(err, params, ctx)
        local id = vim.fs.basename(params.uri):match("^(.*)%.md$")
        if id and require("rolecall.view").shows(id) then
          return { success = true }
        end
        return vim.lsp.handlers["window/showDocument"](err, params, ctx)
      end,
    },
  }
end

--- Start the server for every file: what `vim.lsp.enable()` does, on Neovim 0.10 too.
function M.enable()
  if vim.lsp.enable then
    vim.lsp.config(NAME, M.config())
    vim.lsp.enable(NAME)
    return
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("rolecall.enable", {}),
    callback = function(event)
      M.attach(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].filetype ~= "" then
      M.attach(buffer)
    end
  end
end

--- Attach the server to a buffer that is a file, starting it if needed.
---@param buffer integer
function M.attach(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  if not vim.api.nvim_buf_is_loaded(buffer) or vim.bo[buffer].buftype ~= "" or name == "" then
    return
  end
  local config = vim.deepcopy(vim.lsp.config and vim.lsp.config[NAME] or M.config())
  if type(config.root_dir) ~= "string" then
    config.root_dir = vim.fs.root(buffer, config.root_markers or {})
  end
  vim.lsp.start(config, { bufnr = buffer })
end

--- The client of a buffer; 0 for the current one. Without one, any that runs.
---@param buffer? integer
---@return vim.lsp.Client?
function M.get(buffer)
  return vim.lsp.get_clients({ name = NAME, bufnr = buffer })[1]
end

--- Ask the server to execute one of its commands.
---@param client vim.lsp.Client
---@param command string
---@param argument table
---@param done? fun(result: table)
function M.execute(client, command, argument, done)
  local params = { command = command, arguments = { next(argument) and argument or vim.empty_dict() } }
  local function answered(err, result)
    if err then
      M.tell(err.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request("workspace/executeCommand", params, answered)
  else
    client.request("workspace/executeCommand", params, answered)
  end
end

---@param text string
---@param level? integer
function M.tell(text, level)
  vim.notify("Rolecall: " .. text, level or vim.log.levels.INFO)
end

return M
