--- `:checkhealth rolecall`
local options = require("rolecall.options")

local M = {}

local function output(...)
  local started, process = pcall(vim.system, options.command_line(...), { text = true })
  if not started then
    return nil
  end
  local done = process:wait(20000)
  return done.stdout ~= "" and vim.trim(done.stdout) or nil
end

local function check_command()
  local command = options.current.cmd[1]
  if vim.fn.executable(command) == 0 then
    vim.health.error(command .. " is not executable", {
      "Install Rolecall, and see that " .. command .. " is on the PATH that Neovim has.",
      'Or name it: require("rolecall").setup({ cmd = { "/path/to/rolecall", "lsp" } })',
    })
    return false
  end
  vim.health.ok(("%s (%s)"):format(output("--version") or "rolecall", vim.fn.exepath(command)))
  return true
end

--- `rolecall doctor` knows what is wrong and what helps.
local function check_doctor()
  local read, told = pcall(vim.json.decode, output("doctor", "--format", "json") or "")
  if not read then
    return vim.health.error("`rolecall doctor` did not answer", { "Run it in a terminal." })
  end
  for _, one in ipairs(told.findings) do
    local report = ({ ok = vim.health.ok, warning = vim.health.warn })[one.state] or vim.health.error
    report(one.subject .. ": " .. one.finding, one.remedy ~= "" and { one.remedy } or nil)
  end
end

local function check_clients()
  local clients = vim.lsp.get_clients({ name = "rolecall" })
  if #clients == 0 then
    vim.health.info("no buffer uses it yet")
  end
  for _, client in ipairs(clients) do
    local buffers = vim.lsp.get_buffers_by_client_id and vim.lsp.get_buffers_by_client_id(client.id) or vim.tbl_keys(client.attached_buffers)
    vim.health.ok(("serves %d %s of %s, positions in %s"):format(#buffers, #buffers == 1 and "buffer" or "buffers", client.config.root_dir or vim.fn.getcwd(), client.offset_encoding))
  end
end

function M.check()
  vim.health.start("rolecall")
  if vim.fn.has("nvim-0.10") == 0 then
    return vim.health.error("Neovim is older than 0.10", { "Install a newer one." })
  end
  if check_command() then
    check_doctor()
    check_clients()
  end
end

return M
